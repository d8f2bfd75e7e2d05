/**
 * @file status.h
 * @brief Status codes: the one list from which the enum, the texts and the Python exceptions are made.
 */
#ifndef MRT_STATUS_H
#define MRT_STATUS_H

/**
 * Every status: X(name, value, text). Values are stable: a released value never changes its meaning.
 * Zero is success; errors are negative, so that a function may return a count or a status in one int.
 */
#define MRT_STATUS_MAP(X) /* MISRA D4 */ \
    X(OK, 0, "success") \
    X(ERR_ARGUMENT, -1, "an argument is null or out of range") \
    X(ERR_STATE, -2, "the object is not in a state that allows this call") \
    X(ERR_MEMORY, -3, "a memory region is missing or too small") \
    X(ERR_ALIGNMENT, -4, "a memory region is not aligned as the graph requires") \
    X(ERR_GRAPH, -5, "the graph's tables contradict each other or point out of bounds") \
    X(ERR_KERNEL, -6, "a kernel that the graph needs is not linked") \
    X(ERR_ATTRIBUTE, -7, "an operator's attributes are out of range or do not fit its tensors") \
    X(ERR_PLAN, -8, "two live tensors overlap, or one lies outside its pool") \
    X(ERR_LIMIT, -9, "a limit of config.h is exceeded") \
    X(ERR_INFEASIBLE, -10, "the planning problem has no solution within the given capacity") \
    X(ERR_BUDGET, -11, "the search budget was spent before an answer was found") \
    X(ERR_RUN, -12, "a kernel failed while running") \
    X(ERR_FORMAT, -13, "the bytes are no blob that this runtime can read") \
    X(ERR_CHECKSUM, -14, "the bytes do not agree with their checksum") \
    X(ERR_TIMEOUT, -15, "the time allowed for the call was over before it could be done")

/** Outcome of a call. Never ignore one: on any value but MRT_OK the outputs are unspecified. */
typedef enum mrt_status {
#define MRT_STATUS_ENUM(name, value, text) MRT_##name = (value), /* MISRA D4 */
    MRT_STATUS_MAP(MRT_STATUS_ENUM)
#undef MRT_STATUS_ENUM /* MISRA D4 */
    MRT_STATUS_END = 1 /**< Not a status; keeps the list's trailing comma legal. */
} mrt_status_t;

/* Around declarations of functions: C++ callers find them by their C names. */
#if defined(__cplusplus)
#define MRT_BEGIN_C extern "C" {
#define MRT_END_C }
#else
#define MRT_BEGIN_C
#define MRT_END_C
#endif

/** Marks a function whose status must be used. */
#if defined(__GNUC__)
#define MRT_CHECK_RESULT __attribute__((warn_unused_result))
#else
#define MRT_CHECK_RESULT
#endif

MRT_BEGIN_C

/**
 * @brief The one-line English text of a status, for logs on the host.
 * @param status Any value, also one that is not in the list.
 * @return A string with static lifetime, never null. Safe from an ISR and from any thread.
 */
const char *mrt_status_text(mrt_status_t status);

MRT_END_C

#endif
