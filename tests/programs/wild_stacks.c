/* Allocates where the stack is not what a compiler made of it alone. Each case has a size of its own, and is done several
   times, so that what is known of the stack is asked for, too. */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define TIMES 5

static void *volatile last;

/* No tail calls: the caller is to stay on the stack. */
#define KEEP(size) \
    do { \
        last = malloc(size); \
        __asm__ volatile("" ::: "memory"); \
    } while (0)

/* Jumps over frames, and allocates where it lands and from there inwards. */
static jmp_buf landing;

__attribute__((noinline)) static void jumps(int depth) {
    if (depth) {
        jumps(depth - 1);
        __asm__ volatile("" ::: "memory");
        return;
    }
    KEEP(11001);
    longjmp(landing, 1);
}

__attribute__((noinline)) static void after_jump(void) { KEEP(11003); }

__attribute__((noinline)) static void lands(int depth) {
    if (!setjmp(landing))
        jumps(depth);
    KEEP(11002);
    after_jump();
    __asm__ volatile("" ::: "memory");
}

/* A handler on a stack of its own, inside of which another signal comes. */
__attribute__((noinline)) static void inner_handler(int number) {
    (void)number;
    KEEP(12002);
}

__attribute__((noinline)) static void handler(int number) {
    (void)number;
    KEEP(12001);
    raise(SIGUSR2);
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void interrupted(void) {
    raise(SIGUSR1);
    KEEP(12003);
}

/* Coroutines that hand over to one another. */
static ucontext_t outside, one, other;
static char stack_of_one[64 * 1024], stack_of_other[64 * 1024];

__attribute__((noinline)) static void in_one(void) {
    KEEP(13001);
    swapcontext(&one, &other);
    KEEP(13003);
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void body_of_one(void) {
    in_one();
    swapcontext(&one, &outside);
}

__attribute__((noinline)) static void body_of_other(void) {
    KEEP(13002);
    swapcontext(&other, &one);
    __asm__ volatile("" ::: "memory");
}

static void begin(ucontext_t *context, char *stack, size_t size, void (*body)(void)) {
    getcontext(context);
    context->uc_stack.ss_sp = stack;
    context->uc_stack.ss_size = size;
    context->uc_link = &outside;
    makecontext(context, body, 0);
}

__attribute__((noinline)) static void coroutines(void) {
    begin(&one, stack_of_one, sizeof stack_of_one, body_of_one);
    begin(&other, stack_of_other, sizeof stack_of_other, body_of_other);
    swapcontext(&outside, &one);
    KEEP(13004);
}

/* Assembly that says nothing of its frames: no CFI, no frame pointer, and a word on the stack that looks like a return address. */
extern void silent_call(void (*function)(void));
__asm__(".text\n"
        ".globl silent_call\n"
        ".type silent_call, @function\n"
        "silent_call:\n"
        "    lea decoy(%rip), %rax\n"
        "    push %rax\n"
        "    push %rbx\n"
        "    push %rax\n"
        "    call *%rdi\n"
        "    add $8, %rsp\n"
        "    pop %rbx\n"
        "    add $8, %rsp\n"
        "    ret\n"
        ".size silent_call, . - silent_call\n");

__attribute__((noinline, used)) void decoy(void) { KEEP(1); }

__attribute__((noinline)) static void below_silent(void) { KEEP(14001); }

__attribute__((noinline)) static void calls_silent(void) {
    silent_call(below_silent);
    KEEP(14002);
}

/* The same, made at run time where no file is mapped. */
static void (*made)(void (*)(void));

__attribute__((noinline)) static void below_made(void) { KEEP(15001); }

__attribute__((noinline)) static void calls_made(void) {
    made(below_made);
    KEEP(15002);
}

static void make(void) {
    static const unsigned char code[] = {0x50, 0x53, 0x50, 0xff, 0xd7, 0x48, 0x83, 0xc4, 0x08,
                                         0x5b, 0x48, 0x83, 0xc4, 0x08, 0xc3};
    void *place = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(place, code, sizeof code);
    memcpy(&made, &place, sizeof made);
}

int main(void) {
    static char signal_stack[64 * 1024];
    stack_t alternate = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    sigaction(SIGUSR1, &action, NULL);
    action.sa_handler = inner_handler;
    sigaction(SIGUSR2, &action, NULL);
    make();
    for (int time = 0; time < TIMES; time++) {
        lands(time);
        interrupted();
        coroutines();
        calls_silent();
        calls_made();
    }
    puts("done");
    return 0;
}
