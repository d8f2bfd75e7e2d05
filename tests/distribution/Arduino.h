/* As much of Arduino as the example sketch uses, on newlib; main.cpp of a board's core is at the end. */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stdio.h>

void setup();
void loop();

struct Console {
    void begin(long) {}
    void print(const char *text) { fputs(text, stdout); }
    void print(int value) { printf("%d", value); }
    void println(const char *text) { puts(text); }
};

static Console Serial;

int main()
{
    setup();
    for (int pass = 0; pass < 8; ++pass) {
        loop();
    }
    return 0;
}

#endif
