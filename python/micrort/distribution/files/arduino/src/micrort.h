/* What a sketch includes; the library's name, as Arduino wants it. */
#include "micrort/micrort.h"
