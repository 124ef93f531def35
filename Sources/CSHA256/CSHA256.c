#include "CSHA256.h"

#include <endian.h>
#include <string.h>

// The calls with a state of the caller's own, which allocate nothing, are deprecated since 3.0 in favour of ones that do.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

_Static_assert(sizeof(csha256) == sizeof(SHA256_CTX), "OpenSSL's state has another size");
_Static_assert(_Alignof(csha256) == _Alignof(SHA256_CTX), "OpenSSL's state is aligned otherwise");

// OpenSSL's state of a digest that has begun has a length.
static SHA256_CTX *begun(csha256 *hash) {
    SHA256_CTX *state = (SHA256_CTX *)hash;
    if (state->md_len == 0) SHA256_Init(state);
    return state;
}

void csha256_update(csha256 *hash, const void *bytes, size_t count) {
    SHA256_Update(begun(hash), bytes, count);
}

csha256_digest csha256_finish(csha256 *hash) {
    unsigned char bytes[SHA256_DIGEST_LENGTH];
    csha256_digest digest;
    SHA256_Final(bytes, begun(hash));
    memcpy(digest.words, bytes, sizeof bytes);
    for (int word = 0; word < 4; word++) digest.words[word] = be64toh(digest.words[word]);
    return digest;
}
