// SHA-256 of OpenSSL's libcrypto, which libpq brings along, as a value that needs no memory of its own (FIPS 180-4).
#ifndef ARCHIVEBENCH_CSHA256_H
#define ARCHIVEBENCH_CSHA256_H

#include <stddef.h>
#include <stdint.h>

#define CSHA256_NAME(name) __attribute__((swift_name(name)))

// A digest on its way, as large as OpenSSL's state; all zero before it begins.
typedef struct {
    uint32_t state[28];
} csha256 CSHA256_NAME("SHA256");

// The 32 bytes of a finished one, as four big-endian words in their order.
typedef struct {
    uint64_t words[4];
} csha256_digest CSHA256_NAME("SHA256Digest");

void csha256_update(csha256 *hash, const void *bytes, size_t count) CSHA256_NAME("SHA256.update(self:_:count:)");
// Afterwards the state is spent.
csha256_digest csha256_finish(csha256 *hash) CSHA256_NAME("SHA256.finish(self:)");

#endif
