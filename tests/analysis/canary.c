/*
 * Known violations. Each line says which rules it breaks, and the test holds cppcheck to exactly these: a cppcheck that
 * finds fewer would find fewer in the runtime too. Never compiled into anything.
 */
#include <stdint.h>
#include <stdlib.h>

int32_t canary_arithmetic(uint8_t octet, int32_t number, uint32_t word);
int32_t canary_control(int32_t number);
void *canary_pointers(void *untyped, const int32_t *numbers);

int32_t canary_arithmetic(uint8_t octet, int32_t number, uint32_t word) /* breaks 8.7 */
{
    int32_t sum = number << 1; /* breaks 10.1 */
    sum = sum + word; /* breaks 10.4 */
    uint8_t narrow = word; /* breaks 10.3 */
    uint32_t wide = (uint32_t)(octet + narrow); /* breaks 10.8 */
    sum += (int32_t)07; /* breaks 7.1 */
    return sum + (int32_t)wide;
}

int32_t canary_control(int32_t number)
{
    int32_t result = 0;
    if (number) /* breaks 14.4, 15.6 */
        result = 1;
    switch (number) { /* breaks 16.4, 16.6 */
    case 1:
        result = 2;
    case 2: /* breaks 16.3 */
        result = 3; /* breaks redundantAssignInSwitch */
        break;
    }
    if (number > 2) {
        return canary_control(number - 1); /* breaks 15.5, 17.2 */
    } else if (number < 0) {
        goto out; /* breaks 15.1 */
    } /* breaks 15.7 */
out:
    return result;
}

void *canary_pointers(void *untyped, const int32_t *numbers) /* breaks 8.7 */
{
    int32_t *typed = untyped; /* breaks 11.5 */
    int32_t *mutable = (int32_t *)numbers; /* breaks 11.8, 8.13 */
    uint16_t *halves = (uint16_t *)numbers; /* breaks 11.3, 11.8, 8.13 */
    *typed = *mutable + *halves;
    int32_t partly[4] = {1, 2}; /* breaks 9.3, 8.13 */
    *typed += partly[number_of(numbers)]; /* breaks 17.3 */
    return malloc(4); /* breaks 21.3 */
}
