#ifndef ARCHIVEBENCH_CZLIB_H
#define ARCHIVEBENCH_CZLIB_H
#include <zlib.h>
#endif
