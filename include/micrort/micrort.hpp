/**
 * @file micrort.hpp
 * @brief The C interface for C++17: statuses that must be used, inputs and outputs as typed views, no exceptions, no
 *        RTTI, no allocation.
 *
 * ```cpp
 * #include "micrort/micrort.hpp"
 * #include "mrt_kws.h"
 *
 * static micrort::Model<mrt_kws_init> model;
 *
 * micrort::Status classify(micrort::Span<const std::int8_t> features, micrort::Span<std::int8_t> scores)
 * {
 *     micrort::Status status = model.init();
 *     if (status.ok()) { status = model.set_input(0, features); }
 *     if (status.ok()) { status = model.run(); }
 *     if (status.ok()) { status = model.get_output(0, scores); }
 *     return status;
 * }
 * ```
 *
 * Everything here is inline and calls the C function of the same name, whose contract in executor.h holds: who owns
 * what, which threads and ISRs may call, each status.
 */
#ifndef MRT_MICRORT_HPP
#define MRT_MICRORT_HPP

#if !defined(__cplusplus) || (__cplusplus < 201703L)
#error "micrort.hpp needs C++17; C programs include micrort/micrort.h"
#endif

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "micrort/micrort.h"

/** The C++ face of micrort. */
namespace micrort {

/** Outcome of a call. Ignoring one is a compiler's warning. */
class [[nodiscard]] Status {
public:
    /** Success. */
    constexpr Status() noexcept = default;

    /** @param code Any status of the C interface. */
    constexpr Status(mrt_status_t code) noexcept : code_(code) {}

    /** Whether the call succeeded; else its outputs are unspecified. */
    constexpr bool ok() const noexcept { return code_ == MRT_OK; }

    /** The status as the C interface has it. */
    constexpr mrt_status_t code() const noexcept { return code_; }

    /** One line of English, static, never null. Safe from an ISR and from any thread. */
    const char *text() const noexcept { return mrt_status_text(code_); }

    /** Whether two statuses are the same. */
    friend constexpr bool operator==(Status a, Status b) noexcept { return a.code_ == b.code_; }

    /** Whether two statuses differ. */
    friend constexpr bool operator!=(Status a, Status b) noexcept { return a.code_ != b.code_; }

private:
    mrt_status_t code_ = MRT_OK;
};

/**
 * A view of `size` elements that lie behind each other in somebody else's memory.
 *
 * @tparam T Type of an element; const where the view only reads.
 */
template <class T>
class Span {
public:
    /** A view of nothing. */
    constexpr Span() noexcept = default;

    /**
     * @param data The first element; must outlive the view.
     * @param size Number of elements.
     */
    constexpr Span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}

    /** @param array All of its elements are seen. */
    template <std::size_t N>
    constexpr Span(T (&array)[N]) noexcept : data_(array), size_(N) {}

    /** @param other A view that may write; this one then only reads. */
    template <class U, class = std::enable_if_t<std::is_same<const U, T>::value>>
    constexpr Span(Span<U> other) noexcept : data_(other.data()), size_(other.size()) {}

    /** The first element; null for a view of nothing. */
    constexpr T *data() const noexcept { return data_; }

    /** Number of elements. */
    constexpr std::size_t size() const noexcept { return size_; }

    /** Bytes of all elements. */
    constexpr std::size_t bytes() const noexcept { return size_ * sizeof(T); }

    /** @param index 0..size()-1; not checked. */
    constexpr T &operator[](std::size_t index) const noexcept { return data_[index]; }

    /** For range-based loops. */
    constexpr T *begin() const noexcept { return data_; }

    /** For range-based loops. */
    constexpr T *end() const noexcept { return data_ + size_; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

/** The dtype of tensors whose elements are of the C++ type T; for other types it does not compile. */
template <class T>
constexpr mrt_dtype_t dtype_of() noexcept
{
    using Element = std::remove_const_t<T>;
    if constexpr (std::is_same<Element, std::int8_t>::value) {
        return MRT_DTYPE_S8;
    } else if constexpr (std::is_same<Element, std::uint8_t>::value) {
        return MRT_DTYPE_U8;
    } else if constexpr (std::is_same<Element, std::int16_t>::value) {
        return MRT_DTYPE_S16;
    } else if constexpr (std::is_same<Element, std::int32_t>::value) {
        return MRT_DTYPE_S32;
    } else if constexpr (std::is_same<Element, std::int64_t>::value) {
        return MRT_DTYPE_S64;
    } else if constexpr (std::is_same<Element, std::uint32_t>::value) {
        return MRT_DTYPE_U32;
    } else if constexpr (std::is_same<Element, bool>::value) {
        return MRT_DTYPE_BOOL;
    } else {
        static_assert(std::is_same<Element, float>::value, "no tensor has elements of this type");
        return MRT_DTYPE_F32;
    }
}

/**
 * Runs a graph in memory that the caller owns: an mrt_executor_t with typed inputs and outputs.
 *
 * As large as the C object and without a destructor: it may be static, a member, or on the stack. It cannot be copied,
 * for two executors must not share arenas.
 */
class Executor {
public:
    /** An executor that knows no graph: every call but init answers MRT_ERR_STATE. */
    constexpr Executor() noexcept = default;
    Executor(const Executor &) = delete;
    Executor &operator=(const Executor &) = delete;

    /**
     * Binds to a graph and to memory, as mrt_executor_init does.
     *
     * @param graph Must outlive the executor.
     * @param memory One region for each pool of the graph; the regions must outlive the executor.
     * @return As mrt_executor_init.
     */
    Status init(const mrt_graph_t &graph, Span<const mrt_memory_t> memory) noexcept
    {
        return mrt_executor_init(&executor_, &graph, memory.data(), static_cast<std::uint32_t>(memory.size()));
    }

    /**
     * Where to write an input; valid until the next init. Write all inputs before each inference.
     *
     * @tparam T Type of the elements.
     * @param index 0..input_count-1.
     * @param[out] view All elements of the input.
     * @return MRT_OK; MRT_ERR_ARGUMENT, also where T is not the input's type; MRT_ERR_STATE.
     */
    template <class T>
    Status input(std::uint32_t index, Span<T> &view) noexcept
    {
        static_assert(!std::is_const<T>::value, "an input is written");
        mrt_buffer_t buffer{};
        const Status status = mrt_executor_input(&executor_, index, &buffer);
        return status.ok() ? view_of(executor_.graph->inputs[index], buffer, view) : status;
    }

    /**
     * Where to read an output once an inference is complete; valid until an input is written or a step is run.
     *
     * @tparam T Type of the elements.
     * @param index 0..output_count-1.
     * @param[out] view All elements of the output.
     * @return MRT_OK; MRT_ERR_ARGUMENT, also where T is not the output's type; MRT_ERR_STATE.
     */
    template <class T>
    Status output(std::uint32_t index, Span<const T> &view) const noexcept
    {
        mrt_buffer_t buffer{};
        const Status status = mrt_executor_output(&executor_, index, &buffer);
        return status.ok() ? view_of(executor_.graph->outputs[index], buffer, view) : status;
    }

    /**
     * Copies an input into its place.
     *
     * @param index 0..input_count-1.
     * @param data As many elements as the input has, of its type.
     * @return MRT_OK; MRT_ERR_ARGUMENT, also for another type or number of elements; MRT_ERR_STATE.
     */
    template <class T>
    Status set_input(std::uint32_t index, Span<T> data) noexcept
    {
        Span<std::remove_const_t<T>> place;
        const Status status = input(index, place);
        if (!status.ok()) {
            return status;
        }
        return (place.size() != data.size())
                   ? Status(MRT_ERR_ARGUMENT)
                   : Status(mrt_executor_set_input(&executor_, index, data.data(),
                                                   static_cast<std::uint32_t>(data.bytes())));
    }

    /** As above, from a whole array. */
    template <class T, std::size_t N>
    Status set_input(std::uint32_t index, const T (&data)[N]) noexcept
    {
        return set_input(index, Span<const T>(data));
    }

    /**
     * Copies an output out.
     *
     * @param index 0..output_count-1.
     * @param data Room for exactly as many elements as the output has, of its type.
     * @return MRT_OK; MRT_ERR_ARGUMENT, also for another type or number of elements; MRT_ERR_STATE.
     */
    template <class T>
    Status get_output(std::uint32_t index, Span<T> data) const noexcept
    {
        static_assert(!std::is_const<T>::value, "the copy is written");
        Span<const T> place;
        const Status status = output(index, place);
        if (!status.ok()) {
            return status;
        }
        return (place.size() != data.size())
                   ? Status(MRT_ERR_ARGUMENT)
                   : Status(mrt_executor_get_output(&executor_, index, data.data(),
                                                    static_cast<std::uint32_t>(data.bytes())));
    }

    /** As above, to a whole array. */
    template <class T, std::size_t N>
    Status get_output(std::uint32_t index, T (&data)[N]) const noexcept
    {
        return get_output(index, Span<T>(data));
    }

    /** One whole inference, as mrt_executor_run. */
    Status run() noexcept { return mrt_executor_run(&executor_); }

    /**
     * At most `max_steps` further steps, as mrt_executor_step.
     *
     * @param max_steps At least 1.
     * @param[out] done True when this call completed the inference.
     * @return As mrt_executor_step.
     */
    Status step(std::uint32_t max_steps, bool &done) noexcept { return mrt_executor_step(&executor_, max_steps, &done); }

    /** Abandons an inference under way, as mrt_executor_reset. */
    Status reset() noexcept { return mrt_executor_reset(&executor_); }

    /** The graph; null before a successful init. Shapes, scales and zero points are in its inputs and outputs. */
    const mrt_graph_t *graph() const noexcept { return executor_.graph; }

protected:
    /** The C object, for functions of the C interface that this class does not wrap. */
    mrt_executor_t executor_{};

private:
    template <class T>
    static Status view_of(const mrt_tensor_info_t &info, const mrt_buffer_t &buffer, Span<T> &view) noexcept
    {
        if (info.dtype != static_cast<std::uint8_t>(dtype_of<T>())) {
            return MRT_ERR_ARGUMENT;
        }
        view = Span<T>(static_cast<T *>(buffer.data), buffer.size / sizeof(T));
        return MRT_OK;
    }
};

/**
 * An executor for one model, in the model's own static arenas.
 *
 * @tparam Init mrt_<model>_init of the model's header. There is one set of static arenas: one object at a time.
 */
template <mrt_status_t (*Init)(mrt_executor_t *)>
class Model : public Executor {
public:
    /** Binds to the model and its arenas; may be called again at any time between calls. */
    Status init() noexcept { return Init(&executor_); }
};

}  // namespace micrort

#endif
