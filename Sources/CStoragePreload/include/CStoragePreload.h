// Nothing to call: the library is loaded before a server's own (LD_PRELOAD) and takes the place of the C library's
// file calls. It finds its segment by the path in this variable.
#ifndef ARCHIVEBENCH_CSTORAGEPRELOAD_H
#define ARCHIVEBENCH_CSTORAGEPRELOAD_H

#define CSM_VARIABLE "ARCHIVEBENCH_STORAGE_MODEL"

#endif
