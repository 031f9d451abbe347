// Enters seccomp's strict mode, in which a thread can do little more than read, write and end: any
// other system call kills it. Allocates before and after.
#include <linux/seccomp.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { KEPT = 64, ROUNDS = 200000 };

int main(void) {
    static char *kept[KEPT];
    // the heap neither grows nor shrinks later on: that would be a system call of the program's own
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 8 << 20);
    for (int i = 0; i < KEPT; i++)
        kept[i] = malloc(1000 + i);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        return 1;
    for (int i = 0; i < ROUNDS; i++) {
        free(kept[i % KEPT]);
        kept[i % KEPT] = malloc(16 + i % 900);
    }
    if (write(1, "confined\n", 9) != 9)
        return 2;
    syscall(SYS_exit, 5);
}
