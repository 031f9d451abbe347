/* Random mappings in an arena of 512 pages. Each call that succeeded is a line, in pages from the
 * start of the arena: map AT LENGTH KIND, unmap AT LENGTH, protect AT LENGTH USABLE,
 * move FROM LENGTH TO LENGTH. Calls that fail are made too and change nothing. No block is
 * allocated meanwhile.
 *
 * usage: mappings_random SEED CALLS */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ARENA = 512 };

static char output[1 << 20];
static const size_t PAGE = 4096;
static uint64_t seed;

static unsigned next(unsigned below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % below;
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    seed = strtoul(arguments[1], NULL, 10);
    int calls = atoi(arguments[2]);
    setvbuf(stdout, output, _IOFBF, sizeof output);
    int file = open("mapped", O_RDWR | O_CREAT, 0600);
    if (ftruncate(file, ARENA * PAGE)) return 1;
    char *arena = mmap(NULL, ARENA * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (arena == MAP_FAILED) return 1;
    printf("map 0 %d reserved\n", ARENA);
    for (int i = 0; i < calls; i++) {
        unsigned at = next(ARENA), length = 1 + next(ARENA - at < 60 ? ARENA - at : 60);
        char *address = arena + at * PAGE;
        int both = PROT_READ | PROT_WRITE, fixed = MAP_PRIVATE | MAP_FIXED;
        switch (next(8)) {
        case 0: case 1:
            if (mmap(address, length * PAGE, both, fixed | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
                printf("map %u %u anonymous\n", at, length);
            break;
        case 2:
            if (mmap(address, length * PAGE, both, fixed, file, 0) != MAP_FAILED)
                printf("map %u %u file\n", at, length);
            break;
        case 3:
            if (mmap(address, length * PAGE, PROT_NONE, fixed | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
                printf("map %u %u reserved\n", at, length);
            break;
        case 4: case 5:
            if (next(5) == 0) {
                if (!munmap(address + 1, length * PAGE)) return 1;
            } else if (!munmap(address, length * PAGE)) {
                printf("unmap %u %u\n", at, length);
            }
            break;
        case 6: {
            int usable = next(2);
            if (!mprotect(address, length * PAGE, usable ? both : PROT_NONE))
                printf("protect %u %u %d\n", at, length, usable);
            break;
        }
        case 7: {
            unsigned to = next(ARENA), longer = 1 + next(ARENA - to < 60 ? ARENA - to : 60);
            void *moved = mremap(address, length * PAGE, longer * PAGE,
                                 MREMAP_MAYMOVE | MREMAP_FIXED, arena + to * PAGE);
            if (moved != MAP_FAILED) printf("move %u %u %u %u\n", at, length, to, longer);
            break;
        }
        }
    }
    return 0;
}
