/* Mappings, call by call. Each line says what the call did: NAME ADDRESS LENGTH. No block is
 * allocated meanwhile, so that the heap is what is mapped. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char output[1 << 16];
static const size_t PAGE = 4096;
static const int BOTH = PROT_READ | PROT_WRITE;
static const int PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS;

static char *map(size_t length) {
    char *at = mmap(NULL, length, BOTH, PRIVATE, -1, 0);
    if (at == MAP_FAILED) abort();
    return at;
}

static void check(int right) {
    if (!right) abort();
}

int main(int count, char **arguments) {
    setvbuf(stdout, output, _IOFBF, sizeof output);
    const char *what = count > 1 ? arguments[1] : "";
    if (!strcmp(what, "small")) {
        char *at = map(2048);
        check(!munmap(at, 2048));
    } else if (!strcmp(what, "tail")) {
        char *at = map(100 * PAGE);
        check(!munmap(at + 60 * PAGE, 40 * PAGE));
    } else if (!strcmp(what, "head")) {
        char *at = map(100 * PAGE);
        check(!munmap(at, 30 * PAGE));
    } else if (!strcmp(what, "gap")) {
        char *at = map(100 * PAGE);
        check(!munmap(at + PAGE, 98 * PAGE));
    } else if (!strcmp(what, "holes")) {
        char *at = map(100 * PAGE);
        for (int i = 1; i < 99; i += 2) check(!munmap(at + i * PAGE, PAGE));
    } else if (!strcmp(what, "several")) {
        char *at = map(90 * PAGE);
        for (int i = 0; i < 3; i++)
            check(mmap(at + i * 30 * PAGE, 30 * PAGE, BOTH, PRIVATE | MAP_FIXED, -1, 0) != MAP_FAILED);
        check(!munmap(at + 10 * PAGE, 70 * PAGE));
    } else if (!strcmp(what, "overlay")) {
        char *at = map(100 * PAGE);
        check(mmap(at + 20 * PAGE, 40 * PAGE, BOTH, PRIVATE | MAP_FIXED, -1, 0) != MAP_FAILED);
        check(mmap(at + 50 * PAGE, 20 * PAGE, PROT_NONE, PRIVATE | MAP_FIXED, -1, 0) != MAP_FAILED);
    } else if (!strcmp(what, "failing")) {
        char *at = map(100 * PAGE);
        check(munmap(at + 1, PAGE) == -1);
        check(mmap(NULL, (size_t)1 << 60, BOTH, PRIVATE, -1, 0) == MAP_FAILED);
        check(mmap(NULL, 0, BOTH, PRIVATE, -1, 0) == MAP_FAILED);
        check(mremap(at, 100 * PAGE, (size_t)1 << 60, MREMAP_MAYMOVE) == MAP_FAILED);
        check(mmap64(NULL, PAGE, BOTH, MAP_PRIVATE, -1, 0) == MAP_FAILED);
    } else if (!strcmp(what, "grow")) {
        char *at = map(300 * PAGE);
        check(!munmap(at + 100 * PAGE, 200 * PAGE));
        check(mremap(at, 100 * PAGE, 200 * PAGE, 0) == at);
        check(mremap(at, 200 * PAGE, 150 * PAGE, 0) == at);
    } else if (!strcmp(what, "move")) {
        char *to = map(500 * PAGE);
        char *at = map(100 * PAGE);
        check(mremap(at, 100 * PAGE, 120 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to + PAGE) == to + PAGE);
        check(!munmap(to + PAGE, 100 * PAGE));
    } else if (!strcmp(what, "reserve")) {
        char *at = mmap(NULL, 1000 * PAGE, PROT_NONE, PRIVATE, -1, 0);
        check(!mprotect(at + 10 * PAGE, 20 * PAGE, BOTH));
        check(!mprotect(at + 15 * PAGE, 5 * PAGE, PROT_NONE));
    } else if (!strcmp(what, "file")) {
        int file = open("mapped", O_RDWR | O_CREAT, 0600);
        check(!ftruncate(file, 5000 * PAGE));
        char *at = mmap(NULL, 5000 * PAGE, PROT_READ, MAP_PRIVATE, file, 0);
        check(at != MAP_FAILED);
        check(mmap(NULL, 3000 * PAGE, BOTH, MAP_SHARED, file, 0) != MAP_FAILED);
        check(!munmap(at, 1000 * PAGE));
        map(7 * PAGE);
    } else {
        return 2;
    }
    return 0;
}
