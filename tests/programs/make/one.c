#include <stdio.h>

int one(int number) {
    for (int place = 0; place < number; place++) number ^= place * 3;
    return printf("one %d\n", number);
}
