#include <stdio.h>

int two(int number) {
    for (int place = 0; place < number; place++) number ^= place * 3;
    return printf("two %d\n", number);
}
