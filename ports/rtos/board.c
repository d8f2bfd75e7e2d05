/* How firmware ends on any board under an operating system that starts from the bare-metal port's vector table. */
#include "ports/rtos/board.h"

#include "ports/rtos/bare/port.h"

void board_exit(int32_t code)
{
    mrt_port_exit(code);
}

void board_fail(const char *reason, const char *what)
{
    mrt_port_print(reason);
    mrt_port_print(what);
    mrt_port_print("\n");
    mrt_port_exit(2);
}
