/* The corners of the allocating functions, each bracketed by a block whose size names it:
 * NAME SIZE ADDRESS... A line tells what is to be seen. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char output[1 << 14];
static volatile size_t huge = PTRDIFF_MAX;

int main(void) {
    setvbuf(stdout, output, _IOFBF, sizeof output);
    void *block, *other, *third;

    /* malloc(0) is a block of no bytes */
    block = malloc(0);
    printf("zero %p\n", block);
    free(block);

    /* realloc(p, 0) frees and returns null */
    block = malloc(50021);
    other = realloc(block, 0);
    printf("realloc_to_zero %p %p\n", block, other);

    /* a realloc that fails leaves the block */
    block = malloc(50023);
    errno = 0;
    other = realloc(block, huge);
    printf("realloc_fails %p %p %d\n", block, other, errno == ENOMEM);
    free(block);

    block = malloc(50033);
    other = reallocarray(block, huge, 3);
    printf("reallocarray_overflows %p %p %d\n", block, other, errno == ENOMEM);
    free(block);

    /* shrinking stays in place, growing behind a neighbour moves */
    block = malloc(50047);
    other = realloc(block, 49999);
    printf("in_place %p %p\n", block, other);
    free(other);
    block = malloc(50051);
    third = malloc(50053);
    other = realloc(block, 90001);
    printf("moves %p %p %p\n", block, other, third);
    free(other);
    free(third);

    /* calls that fail */
    block = malloc(huge);
    printf("malloc_fails %p\n", block);
    block = calloc(huge, 3);
    printf("calloc_overflows %p\n", block);
    other = (void *)77;
    int error = posix_memalign(&other, 3, 50069);
    printf("bad_alignment %d %p\n", error == EINVAL, other);
    error = posix_memalign(&other, 64, huge);
    printf("memalign_fails %d %p\n", error == ENOMEM, other);
    block = memalign(64, huge);
    printf("memalign_huge %p\n", block);

    /* errno is the caller's */
    errno = 4242;
    block = malloc(50077);
    int after_malloc = errno;
    free(block);
    int after_free = errno;
    block = realloc(NULL, 50087);
    int after_realloc = errno;
    free(block);
    free(NULL);
    printf("errno %d %d %d %d\n", after_malloc, after_free, after_realloc, errno);
    block = malloc(50093);
    printf("usable %d\n", malloc_usable_size(block) >= 50093);
    memset(block, 1, malloc_usable_size(block));
    free(block);
    return 0;
}
