/* A library that somebody preloads: says so on the standard error. */
#include <unistd.h>

__attribute__((constructor)) static void begin(void) {
    const char text[] = "preloaded by the user\n";
    (void)!write(2, text, sizeof text - 1);
}
