/* Every record is read, and no buffer is freed. */
#include <stdlib.h>
#include <string.h>

struct record {
    int number;
    char text[52];
};

static struct record *read_record(int number)
{
    struct record *record = malloc(sizeof *record);
    record->number = number;
    memset(record->text, 'x', sizeof record->text);
    return record;
}

int main(void)
{
    int sum = 0;
    for (int number = 0; number < 50000; number++) {
        char *scratch = malloc(100 + number % 50);
        scratch[0] = (char)number;
        sum += scratch[0] + read_record(number)->number;
        free(scratch);
    }
    return sum == 0;
}
