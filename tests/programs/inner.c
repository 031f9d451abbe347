/* A library that is found by the path within another. */
#include <stdlib.h>

void *inner(unsigned long size) {
    return malloc(size);
}
