/* Loads each library that it is given, lets it allocate, and unloads it; then ends at once.
 *
 * usage: native_libraries LIBRARY... Prints where each function was. */
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char **arguments) {
    for (int i = 1; i < count; i++) {
        void *library = dlopen(arguments[i], RTLD_NOW);
        if (!library) return 1;
        void *(*allocate)(void) = (void *(*)(void))dlsym(library, "allocate");
        printf("%p\n", (void *)allocate);
        char *block = allocate();
        block[2] = 3;
        dlclose(library);
    }
    return 0;
}
