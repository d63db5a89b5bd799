# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""Avro binary <-> generated records, compiled: what `schemas/compiled_codec.py` builds from the Avro files does the work here.

A node is one type of a schema, in both directions. Decoding makes the frozen records themselves, with no dictionary between;
encoding reads their fields. Guards: a cursor never reads behind its bytes; a count of items is never believed before there are
bytes for as many; a value of another type than the schema's is refused.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_Check, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.float cimport PyFloat_AsDouble, PyFloat_FromDouble
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport PyObject, PyObject_GetAttr
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE, PyTuple_New, PyTuple_SET_ITEM
from cpython.unicode cimport PyUnicode_Check, PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy

cdef extern from "Python.h":
    object PyObject_Vectorcall(object callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL

cdef enum:
    ROOM = 512
    # A number takes ten bytes at most.
    LONG_BYTES_MAX = 10
    # Fields of one record.
    FIELDS_MAX = 64


cdef class Cursor:
    """Bytes, and how far they are read. Keeps the bytes alive."""

    cdef bytes source
    cdef const unsigned char *at
    cdef const unsigned char *end

    def __cinit__(self, bytes source not None, Py_ssize_t start=0):
        if start < 0 or start > PyBytes_GET_SIZE(source):
            raise EOFError(f"{PyBytes_GET_SIZE(source)} bytes, expected more than {start}")
        self.source = source
        self.at = <const unsigned char *> PyBytes_AS_STRING(source) + start
        self.end = <const unsigned char *> PyBytes_AS_STRING(source) + PyBytes_GET_SIZE(source)


cdef class Output:
    """Bytes as they are written."""

    cdef char *data
    cdef Py_ssize_t size
    cdef Py_ssize_t room

    def __cinit__(self):
        self.data = <char *> PyMem_Malloc(ROOM)
        if self.data == NULL:
            raise MemoryError()
        self.size, self.room = 0, ROOM

    def __dealloc__(self):
        PyMem_Free(self.data)


cdef int write_bytes(Output out, const char *source, Py_ssize_t size) except -1:
    cdef Py_ssize_t room
    cdef char *grown
    if out.room - out.size < size:
        room = max(2 * out.room, out.size + size)
        grown = <char *> PyMem_Realloc(out.data, room)
        if grown == NULL:
            raise MemoryError()
        out.data, out.room = grown, room
    memcpy(out.data + out.size, source, size)
    out.size += size
    return 0


cdef int write_long(Output out, int64_t value) except -1:
    cdef uint64_t rest = (<uint64_t> value << 1) ^ <uint64_t> (value >> 63)
    cdef char buffer[LONG_BYTES_MAX]
    cdef Py_ssize_t size = 0
    while rest > 0x7F:
        buffer[size] = <char> ((rest & 0x7F) | 0x80)
        rest >>= 7
        size += 1
    buffer[size] = <char> rest
    return write_bytes(out, buffer, size + 1)


cdef int64_t read_long(Cursor cursor) except? -1:
    cdef uint64_t value = 0
    cdef unsigned char byte
    cdef int shift = 0
    while True:
        if cursor.at >= cursor.end:
            raise EOFError("the bytes end within a number")
        byte = cursor.at[0]
        cursor.at += 1
        if shift == 63 and byte > 1:
            raise ValueError("a number of more than 64 bits")
        value |= <uint64_t> (byte & 0x7F) << shift
        if byte < 0x80:
            return <int64_t> (value >> 1) ^ -<int64_t> (value & 1)
        shift += 7


cdef Py_ssize_t read_size(Cursor cursor) except -1:
    """A number of bytes that are there."""
    cdef int64_t size = read_long(cursor)
    if size < 0 or size > cursor.end - cursor.at:
        raise EOFError(f"{size} bytes of text, and {cursor.end - cursor.at} are left")
    return <Py_ssize_t> size


cdef class Node:
    """One type of a schema."""

    cdef object read(self, Cursor cursor):
        raise NotImplementedError

    cdef int write(self, Output out, object value) except -1:
        raise NotImplementedError


cdef class LongNode(Node):
    """int and long."""

    cdef object read(self, Cursor cursor):
        return read_long(cursor)

    cdef int write(self, Output out, object value) except -1:
        return write_long(out, value)


cdef class DoubleNode(Node):
    """Eight bytes, the least first."""

    cdef object read(self, Cursor cursor):
        cdef double value
        if cursor.end - cursor.at < 8:
            raise EOFError("the bytes end within a double")
        memcpy(&value, cursor.at, 8)
        cursor.at += 8
        return PyFloat_FromDouble(value)

    cdef int write(self, Output out, object value) except -1:
        cdef double number = PyFloat_AsDouble(value)
        return write_bytes(out, <const char *> &number, 8)


cdef class BooleanNode(Node):
    """A byte of 0 or 1."""

    cdef object read(self, Cursor cursor):
        if cursor.at >= cursor.end:
            raise EOFError("the bytes end before a boolean")
        cursor.at += 1
        return cursor.at[-1] != 0

    cdef int write(self, Output out, object value) except -1:
        cdef char byte = 1 if value else 0
        return write_bytes(out, &byte, 1)


cdef class StringNode(Node):
    """UTF-8."""

    cdef object read(self, Cursor cursor):
        cdef Py_ssize_t size = read_size(cursor)
        cursor.at += size
        return PyUnicode_DecodeUTF8(<const char *> cursor.at - size, size, NULL)

    cdef int write(self, Output out, object value) except -1:
        cdef Py_ssize_t size = 0
        cdef const char *text
        if not PyUnicode_Check(value):
            raise TypeError(f"found {type(value).__name__}, expected str")
        text = PyUnicode_AsUTF8AndSize(value, &size)
        write_long(out, size)
        return write_bytes(out, text, size)


cdef class BytesNode(Node):
    """Bytes as they are."""

    cdef object read(self, Cursor cursor):
        cdef Py_ssize_t size = read_size(cursor)
        cursor.at += size
        return PyBytes_FromStringAndSize(<const char *> cursor.at - size, size)

    cdef int write(self, Output out, object value) except -1:
        if not PyBytes_Check(value):
            raise TypeError(f"found {type(value).__name__}, expected bytes")
        write_long(out, PyBytes_GET_SIZE(value))
        return write_bytes(out, PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value))


cdef class EnumNode(Node):
    """members: of the generated class, in the order of the Avro file."""

    cdef tuple members
    cdef dict places

    def __init__(self, tuple members not None):
        self.members = members
        self.places = {member: place for place, member in enumerate(members)}

    cdef object read(self, Cursor cursor):
        cdef int64_t place = read_long(cursor)
        if place < 0 or place >= PyTuple_GET_SIZE(self.members):
            raise IndexError(f"symbol {place} of {PyTuple_GET_SIZE(self.members)}")
        return <object> PyTuple_GET_ITEM(self.members, place)

    cdef int write(self, Output out, object value) except -1:
        return write_long(out, self.places[value])


cdef class OptionalNode(Node):
    """A union of null and one type."""

    cdef Node inner

    def __init__(self, Node inner not None):
        self.inner = inner

    cdef object read(self, Cursor cursor):
        cdef int64_t branch = read_long(cursor)
        if branch == 0:
            return None
        if branch != 1:
            raise IndexError(f"branch {branch} of 2")
        return self.inner.read(cursor)

    cdef int write(self, Output out, object value) except -1:
        if value is None:
            return write_long(out, 0)
        write_long(out, 1)
        return self.inner.write(out, value)


cdef class ArrayNode(Node):
    """Items in blocks; each of them takes a byte at least, so that a count says at most as many as there are bytes."""

    cdef Node item

    def __init__(self, Node item not None):
        self.item = item

    cdef object read(self, Cursor cursor):
        cdef list found = []
        cdef int64_t count = read_long(cursor)
        cdef int64_t place
        while count != 0:
            if count < 0:  # the size of the block in bytes follows
                read_long(cursor)
                count = 0 - count
            if count < 0 or count > cursor.end - cursor.at:
                raise EOFError(f"{count} items, and {cursor.end - cursor.at} bytes are left")
            for place in range(count):
                found.append(self.item.read(cursor))
            count = read_long(cursor)
        return tuple(found)

    cdef int write(self, Output out, object value) except -1:
        cdef Py_ssize_t size = len(value)
        if size:
            write_long(out, size)
            for item in value:
                self.item.write(out, item)
        return write_long(out, 0)


cdef class RecordNode(Node):
    """kind: the class that is made. names, nodes: of its fields, in the order of the Avro file."""

    cdef object kind
    cdef tuple names
    cdef tuple nodes
    cdef Py_ssize_t count

    def __init__(self, object kind, tuple names not None, tuple nodes not None):
        if not 0 < len(names) <= FIELDS_MAX or len(names) != len(nodes):
            raise ValueError(f"{kind.__name__} has {len(names)} fields and {len(nodes)} types, expected 1 to {FIELDS_MAX} of both")
        self.kind, self.names, self.nodes, self.count = kind, names, nodes, len(names)

    cdef object read(self, Cursor cursor):
        cdef PyObject *values[FIELDS_MAX]
        cdef Py_ssize_t place, made = 0
        cdef object value
        try:
            for place in range(self.count):
                value = (<Node> PyTuple_GET_ITEM(self.nodes, place)).read(cursor)
                Py_INCREF(value)
                values[place] = <PyObject *> value
                made += 1
            return PyObject_Vectorcall(self.kind, values, 0, <PyObject *> self.names)
        finally:
            for place in range(made):
                Py_DECREF(<object> values[place])

    cdef int write(self, Output out, object value) except -1:
        cdef Py_ssize_t place
        for place in range(self.count):
            (<Node> PyTuple_GET_ITEM(self.nodes, place)).write(
                out, PyObject_GetAttr(value, <object> PyTuple_GET_ITEM(self.names, place))
            )
        return 0


cdef class MessageForm:
    """A message, behind its envelope where it has one. A message of no fields has no node: `kind` is called for it."""

    cdef object kind
    cdef Node message
    cdef Node envelope

    def __init__(self, object kind not None, Node message, Node envelope):
        self.kind, self.message, self.envelope = kind, message, envelope

    cpdef tuple decode(self, bytes value, Py_ssize_t start):
        """(message, envelope or None) of the bytes from `start` on."""
        cdef Cursor cursor = Cursor(value, start)
        cdef object envelope = None if self.envelope is None else self.envelope.read(cursor)
        return self.kind() if self.message is None else self.message.read(cursor), envelope

    cpdef bytes encode(self, bytes frame, object message, object envelope):
        """`frame`, and the message behind it."""
        cdef Output out = Output()
        write_bytes(out, PyBytes_AS_STRING(frame), PyBytes_GET_SIZE(frame))
        if self.envelope is not None:
            self.envelope.write(out, envelope)
        if self.message is not None:
            self.message.write(out, message)
        return PyBytes_FromStringAndSize(out.data, out.size)
