#ifndef ARCHIVEBENCH_CLIBPQ_H
#define ARCHIVEBENCH_CLIBPQ_H
#include <libpq-fe.h>
#include <pg_config.h>
#endif
