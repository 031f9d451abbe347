/* Code that is made while the program runs, each with a frame of another size in the same place: with unwind
 * tables that are registered, as LLVM does it, with one that says nothing of callers, as LuaJIT does it, and without. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unwind.h>

void __register_frame(const void *);
void __deregister_frame(const void *);

static void *volatile kept[8];
static int count, reached[8];

int main(void);

static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *found) {
    if (_Unwind_FindEnclosingFunction((void *)_Unwind_GetIP(context)) == main) *(int *)found = 1;
    return _URC_NO_REASON;
}

__attribute__((noinline)) static void allocate(void) {
    kept[count] = malloc(1000 + count);
    if (count < 2) _Unwind_Backtrace(step, &reached[count]);
    count++;
}

struct tables {
    uint32_t common_length, common_id;
    uint8_t version, augmentation[3], code_factor, data_factor, return_register, augmentation_length, encoding;
    uint8_t common_rules[7];
    uint32_t length, distance;
    uint64_t start, size;
    uint8_t own_augmentation_length, rules[7];
    uint32_t end;
} __attribute__((packed));

/* sub rsp, SIZE; call rdi; add rsp, SIZE; ret */
static void make(uint8_t *code, uint8_t size) {
    const uint8_t all[] = {0x48, 0x83, 0xec, size, 0xff, 0xd7, 0x48, 0x83, 0xc4, size, 0xc3};
    mprotect(code, 4096, PROT_READ | PROT_WRITE);
    memcpy(code, all, sizeof all);
    mprotect(code, 4096, PROT_READ | PROT_EXEC);
}

static void describe(struct tables *tables, uint8_t *code, uint8_t size) {
    *tables = (struct tables){
        .common_length = 20,
        .version = 1,
        .augmentation = "zR",
        .code_factor = 1,
        .data_factor = 0x78, /* -8 */
        .return_register = 16,
        .augmentation_length = 1,
        .common_rules = {0x0c, 7, 8, 0x90, 1}, /* the caller's frame: rsp + 8; return address: 8 below it */
        .length = 28,
        .distance = 28,
        .start = (uint64_t)code,
        .size = 11,
        .rules = {0x44, 0x0e, size + 8, 0x46, 0x0e, 8}, /* 4 bytes on, and 6 more */
    };
}

/* usage: compiled. Blocks of 1000 and 1001 bytes come by code with tables, 1002 and 1003 by code without. Prints
 * whether an unwinder found its way through the first two. */
int main(void) {
    static struct tables tables;
    uint8_t *code = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void (*call)(void (*)(void)) = (void (*)(void (*)(void)))code;
    const uint8_t sizes[] = {24, 40};
    for (int round = 0; round < 2; round++) {
        make(code, sizes[round]);
        describe(&tables, code, sizes[round]);
        __register_frame(&tables);
        call(allocate);
        __deregister_frame(&tables);
    }
    make(code, 72);
    call(allocate);
    describe(&tables, code, 72);
    memset(tables.common_rules, 0, sizeof tables.common_rules);
    memset(tables.rules, 0, sizeof tables.rules);
    __register_frame(&tables);
    call(allocate);
    printf("%d %d\n", reached[0], reached[1]);
    return 0;
}
