/* Threads load libraries, allocate by them and unload them, while others allocate all the time.
   usage: loads ROUNDS LIBRARY LIBRARY */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static volatile int stop;
static char **arguments;

static void *load(void *number) {
    int rounds = atoi(arguments[1]);
    for (int round = 0; round < rounds; round++) {
        void *library = dlopen(arguments[2 + (long)number % 2], RTLD_NOW);
        if (!library) exit(2);
        void *(*work)(size_t) = (void *(*)(size_t))dlsym(library, "work");
        free(work(7001 + (long)number));
        dlclose(library);
    }
    return 0;
}

static void *allocate(void *unused) {
    while (!stop) {
        void *blocks[20];
        for (int number = 0; number < 20; number++) blocks[number] = malloc(50 * number + 1);
        for (int number = 0; number < 20; number++) free(blocks[number]);
    }
    return unused;
}

int main(int count, char **given) {
    pthread_t threads[5];
    if (count < 4) return 1;
    arguments = given;
    for (long number = 0; number < 5; number++)
        pthread_create(&threads[number], 0, number < 3 ? load : allocate, (void *)number);
    for (int number = 0; number < 3; number++) pthread_join(threads[number], 0);
    stop = 1;
    for (int number = 3; number < 5; number++) pthread_join(threads[number], 0);
    puts("ok");
    return 0;
}
