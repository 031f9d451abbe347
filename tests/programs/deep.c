/* Loads a library that is bound to the C library past anything that was preloaded, and looks functions
   up by name. usage: deep LIBRARY */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef LIBRARY
void *give(size_t size) { return malloc(size); }
#else
int main(int count, char **arguments) {
    if (count < 2) return 2;
    void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    if (!library) return 3;
    void *(*give)(size_t) = (void *(*)(size_t))dlsym(library, "give");
    void *(*by_name)(size_t) = (void *(*)(size_t))dlsym(RTLD_DEFAULT, "malloc");
    void (*free_by_name)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "free");
    void *deep = give(300007), *named = by_name(400009), *plain = malloc(500009);
    printf("%d\n", deep && named && plain);
    free_by_name(plain);
    free(named);
    free(deep);
    return 0;
}
#endif
