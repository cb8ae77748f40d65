/* The kernel as a module of Python: all of its functions, by name, with whole numbers and buffers as arguments.
 *
 * The GIL is released while a function works. None stands for an empty buffer. */
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel.h"

enum { MOST_NUMBERS = 16, MOST_BUFFERS = 16, FIRST_SCRATCH = 1 << 16 };
static const size_t MOST_SCRATCH = (size_t)1 << 28;

static const struct {
    const char *name;
    const vq_operations *operations;
} instructions[] = {
    {"scalar", &vq_scalar},
#if defined(__x86_64__) || defined(_M_X64)
    {"avx2", &vq_avx2},
#elif defined(__aarch64__) || defined(_M_ARM64)
    {"neon", &vq_neon},
#endif
};
enum { INSTRUCTIONS = sizeof instructions / sizeof *instructions };

static const vq_operations *chosen = &vq_scalar;

/* An argument of each kind in turn; a function has its numbers first. */
typedef struct {
    int64_t numbers[MOST_NUMBERS];
    Py_buffer views[MOST_BUFFERS];
    vq_buffer buffers[MOST_BUFFERS];
    int held; /* views to be released */
} arguments;

static int read_arguments(PyObject *given, const vq_entry *entry, arguments *out)
{
    if (PyTuple_Size(given) != entry->numbers + entry->buffers) {
        PyErr_Format(PyExc_TypeError, "%s takes %d arguments", entry->name, entry->numbers + entry->buffers);
        return -1;
    }
    for (int i = 0; i < entry->numbers; i++) {
        out->numbers[i] = PyLong_AsLongLong(PyTuple_GetItem(given, i));
        if (out->numbers[i] == -1 && PyErr_Occurred())
            return -1;
    }
    for (int i = 0; i < entry->buffers; i++) {
        PyObject *item = PyTuple_GetItem(given, entry->numbers + i);
        if (item == Py_None) {
            out->buffers[i] = (vq_buffer){NULL, 0, false};
            continue;
        }
        Py_buffer *view = &out->views[out->held];
        if (PyObject_GetBuffer(item, view, PyBUF_SIMPLE) < 0)
            return -1;
        out->held++;
        out->buffers[i] = (vq_buffer){view->buf, (size_t)view->len, !view->readonly};
    }
    return 0;
}

/* Call with more and more scratch memory, until it is enough. */
static vq_status call(const vq_entry *entry, const arguments *given)
{
    for (size_t size = FIRST_SCRATCH; size <= MOST_SCRATCH; size *= 4) {
        void *scratch = malloc(size);
        if (!scratch)
            return VQ_ROOM;
        const vq_arguments all = {given->numbers, given->buffers, {scratch, size, true}};
        const vq_status status = entry->call(chosen, &all);
        free(scratch);
        if (status != VQ_ROOM)
            return status;
    }
    return VQ_ROOM;
}

/* Whether the call was done; False if a stream is damaged. */
static PyObject *result_of(vq_status status, const char *name)
{
    switch (status) {
    case VQ_DONE:
        return PyBool_FromLong(1);
    case VQ_DAMAGED:
        return PyBool_FromLong(0);
    case VQ_SYMBOL:
        PyErr_SetString(PyExc_ValueError, "a symbol is outside of its table");
        return NULL;
    case VQ_ROOM:
        return PyErr_NoMemory();
    default:
        return PyErr_Format(PyExc_ValueError, "the arguments of %s do not fit together", name);
    }
}

static PyObject *run(PyObject *capsule, PyObject *given)
{
    const vq_entry *entry = PyCapsule_GetPointer(capsule, NULL);
    if (!entry)
        return NULL;
    arguments all = {.held = 0};
    PyObject *result = NULL;
    if (read_arguments(given, entry, &all) == 0) {
        vq_status status;
        Py_BEGIN_ALLOW_THREADS
        status = call(entry, &all);
        Py_END_ALLOW_THREADS
        result = result_of(status, entry->name);
    }
    while (all.held)
        PyBuffer_Release(&all.views[--all.held]);
    return result;
}

static int is_supported(const char *name)
{
#if (defined(__GNUC__) || defined(__clang__)) && defined(__x86_64__)
    if (strcmp(name, "avx2") == 0)
        return __builtin_cpu_supports("avx2");
#elif defined(_M_X64)
    if (strcmp(name, "avx2") == 0)
        return 0; /* until it is asked of the processor there */
#endif
    return strcmp(name, "") != 0;
}

static PyObject *supported(PyObject *module, PyObject *none)
{
    (void)module, (void)none;
    PyObject *names = PyList_New(0);
    for (int i = 0; names && i < INSTRUCTIONS; i++) {
        PyObject *name = is_supported(instructions[i].name) ? PyUnicode_FromString(instructions[i].name) : NULL;
        if (name && PyList_Append(names, name) < 0)
            Py_CLEAR(names);
        Py_XDECREF(name);
    }
    return names;
}

static PyObject *use(PyObject *module, PyObject *given)
{
    (void)module;
    const char *name;
    if (!PyArg_ParseTuple(given, "s", &name))
        return NULL;
    for (int i = 0; i < INSTRUCTIONS; i++)
        if (strcmp(name, instructions[i].name) == 0 && is_supported(name)) {
            chosen = instructions[i].operations;
            Py_RETURN_NONE;
        }
    return PyErr_Format(PyExc_ValueError, "this processor has no %s", name);
}

static PyMethodDef methods[] = {
    {"supported", supported, METH_NOARGS, "The instructions that this processor has, the best last."},
    {"use", use, METH_VARARGS, "Use these instructions from now on."},
    {NULL, NULL, 0, NULL},
};

/* One function of Python for each of the kernel. */
static int add_entries(PyObject *module)
{
    static PyMethodDef definitions[16];
    for (int i = 0; i < vq_entry_count; i++) {
        definitions[i] = (PyMethodDef){vq_entries[i].name, run, METH_VARARGS, NULL};
        PyObject *capsule = PyCapsule_New((void *)&vq_entries[i], NULL, NULL);
        PyObject *function = capsule ? PyCFunction_New(&definitions[i], capsule) : NULL;
        Py_XDECREF(capsule);
        if (!function || PyModule_AddObjectRef(module, vq_entries[i].name, function) < 0) {
            Py_XDECREF(function);
            return -1;
        }
        Py_DECREF(function);
    }
    return 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, add_entries}, {0, NULL}};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_kernel", .m_doc = "The exact kernel: see core/kernel.h.", .m_methods = methods,
    .m_slots = slots};

PyMODINIT_FUNC PyInit__kernel(void)
{
    return PyModuleDef_Init(&definition);
}
