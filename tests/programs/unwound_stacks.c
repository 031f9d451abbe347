// Stacks that are not the thread's own, in the middle of a random walk up and down: signal handlers on an
// alternate stack, and coroutines by swapcontext() that hand over to one another.
//
// usage: unwound_stacks FILE SEED. What FILE holds is said in unwound.h.
#include "unwound.h"
#include <signal.h>
#include <ucontext.h>

enum { COROUTINES = 4, STACK = 256 << 10, SAMPLES = 12000 };

static uint64_t state;
static ucontext_t contexts[COROUTINES + 1]; // the last one is that of main
static int current = COROUTINES;
static int in_handler;

static unsigned below(unsigned limit) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % limit;
}

static void hand_over(void) {
    int before = current, next = below(COROUTINES + 1);
    if (next == before) return;
    current = next;
    swapcontext(&contexts[before], &contexts[next]);
}

static int wander(int depth);

__attribute__((noinline)) static int wide(int depth) {
    volatile char room[3000];
    room[depth] = 1;
    return wander(depth - 1) + room[depth];
}

__attribute__((noinline)) static int sized(int depth) {
    volatile char room[64 + below(500)];
    room[1] = 1;
    return wander(depth - 1) + room[1];
}

static int compare(const void *left, const void *right) {
    sample();
    return *(const int *)left - *(const int *)right;
}

__attribute__((noinline)) static int called_back(int depth) {
    int items[] = {3, 1, 2};
    qsort(items, 3, sizeof *items, compare);
    return wander(depth - 1) + items[0];
}

__attribute__((noinline)) static int wander(int depth) {
    sample();
    if (depth <= 0 || samples >= SAMPLES) return 1;
    int sum = 0;
    for (unsigned i = 0; i <= below(2); i++) {
        switch (below(6)) {
        case 0: sum += wide(depth); break;
        case 1: sum += sized(depth); break;
        case 2: sum += called_back(depth); break;
        case 3:
            if (!in_handler) hand_over();
            sample();
            break;
        case 4:
            if (!in_handler) raise(SIGUSR1);
            break;
        default: sum += wander(depth - 1) + 1;
        }
    }
    return sum;
}

static void handler(int number) {
    in_handler = 1;
    sample();
    wander(4);
    in_handler = 0;
    (void)number;
}

static void body(void) {
    for (;;) {
        if (samples >= SAMPLES) {
            int before = current;
            current = COROUTINES;
            swapcontext(&contexts[before], &contexts[COROUTINES]);
        }
        wander(8);
        hand_over();
    }
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    state = strtoull(arguments[2], NULL, 10);
    stack_t alternate = {.ss_sp = malloc(STACK), .ss_size = STACK};
    sigaltstack(&alternate, NULL);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < COROUTINES; i++) {
        getcontext(&contexts[i]);
        contexts[i].uc_stack.ss_sp = malloc(STACK);
        contexts[i].uc_stack.ss_size = STACK;
        makecontext(&contexts[i], body, 0);
    }
    while (samples < SAMPLES) {
        wander(8);
        hand_over();
    }
    printf("%d\n", samples >= SAMPLES);
    return write_samples(arguments[1]);
}
