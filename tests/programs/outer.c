/* Opens inner.so by its name alone: where it is, this file's own RPATH or RUNPATH says.
   With -DLIBRARY it is the library that does so, else a program with the path, and the name of the library. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

void *outer(unsigned long size) {
    void *library = dlopen("inner.so", RTLD_NOW);
    if (!library) {
        printf("%s\n", dlerror());
        return NULL;
    }
    void *(*inner)(unsigned long) = (void *(*)(unsigned long))dlsym(library, "inner");
    return inner(size);
}

#ifndef LIBRARY
int main(int count, char **arguments) {
    void *(*other)(unsigned long) = NULL;
    if (count > 1) {
        void *library = dlopen(arguments[1], RTLD_NOW);
        if (library) other = (void *(*)(unsigned long))dlsym(library, "outer");
    }
    free((other ? other : outer)(345678));
    puts("done");
    return 0;
}
#endif
