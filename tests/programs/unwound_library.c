// sample() and write_samples() for a program that loads them.
#include "unwound.h"
