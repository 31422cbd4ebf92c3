#!/usr/bin/env python3
"""Writes Tests/Fixtures/Records with tensorboard, protobuf, Python's wave and soundfile.

Usage: make_record_fixtures.py FOLDER    (needs tensorboard, numpy, soundfile)
"""

import pathlib
import shutil
import struct
import sys

import numpy as np
import soundfile
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2
from tensorboard.summary.writer.record_writer import RecordWriter


def example_class():
    """tf.train.Example, by its published definition."""
    file = descriptor_pb2.FileDescriptorProto(name="example.proto", package="tensorflow", syntax="proto3")

    def message(name, *fields, parent=file):
        m = parent.message_type.add(name=name) if parent is file else parent.nested_type.add(name=name)
        for number, (field, kind, label, type_name) in enumerate(fields, 1):
            m.field.add(name=field, number=number, type=kind, label=label, type_name=type_name)
        return m

    F = descriptor_pb2.FieldDescriptorProto
    message("BytesList", ("value", F.TYPE_BYTES, F.LABEL_REPEATED, None))
    message("FloatList", ("value", F.TYPE_FLOAT, F.LABEL_REPEATED, None))
    message("Int64List", ("value", F.TYPE_INT64, F.LABEL_REPEATED, None))
    m = message("Feature", *[(n, F.TYPE_MESSAGE, F.LABEL_OPTIONAL, ".tensorflow." + t) for n, t in
                             [("bytes_list", "BytesList"), ("float_list", "FloatList"), ("int64_list", "Int64List")]])
    m.oneof_decl.add(name="kind")
    for f in m.field:
        f.oneof_index = 0
    features = message("Features", ("feature", F.TYPE_MESSAGE, F.LABEL_REPEATED, ".tensorflow.Features.FeatureEntry"))
    entry = message("FeatureEntry", ("key", F.TYPE_STRING, F.LABEL_OPTIONAL, None),
                    ("value", F.TYPE_MESSAGE, F.LABEL_OPTIONAL, ".tensorflow.Feature"), parent=features)
    entry.options.map_entry = True
    message("Example", ("features", F.TYPE_MESSAGE, F.LABEL_OPTIONAL, ".tensorflow.Features"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.Example"))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    Example = example_class()
    with open(folder / "examples.tfrecord", "wb") as f:
        writer = RecordWriter(f)
        for i in range(3):
            e = Example()
            e.features.feature["label"].int64_list.value.extend([i, -i])
            e.features.feature["image"].float_list.value.extend([i * 0.5, 1.25])
            e.features.feature["name"].bytes_list.value.extend([b"row", bytes([i, 255])])
            e.features.feature["none"].int64_list.SetInParent()
            writer.write(e.SerializeToString(deterministic=True))
        writer.flush()
    with open(folder / "run.tfevents", "wb") as f:
        writer = RecordWriter(f)
        writer.write(event_pb2.Event(wall_time=1.5, file_version="brain.Event:2").SerializeToString())
        for step in range(3):
            value = summary_pb2.Summary.Value(tag="loss", simple_value=1 / (step + 1))
            tensor = summary_pb2.Summary.Value(tag="accuracy", tensor=tensor_pb2.TensorProto(
                dtype=types_pb2.DT_FLOAT, float_val=[step * 0.25]))
            event = event_pb2.Event(wall_time=2.0 + step, step=step, summary=summary_pb2.Summary(value=[value, tensor]))
            writer.write(event.SerializeToString())
        histogram = summary_pb2.HistogramProto(min=-1, max=2, num=3, sum=1.5, sum_squares=5, bucket_limit=[0, 1, 2],
                                               bucket=[1, 0, 2])
        text = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=["h\u00e9llo".encode()])
        writer.write(event_pb2.Event(wall_time=9, step=7, summary=summary_pb2.Summary(value=[
            summary_pb2.Summary.Value(tag="weights", histo=histogram),
            summary_pb2.Summary.Value(tag="note", tensor=text)])).SerializeToString())
        writer.flush()
    t = np.arange(40)
    sound = np.stack([np.sin(t * 0.3) * 0.9, np.cos(t * 0.7) * 0.5], axis=1)
    for name, subtype, kind in [("u8", "PCM_U8", "WAV"), ("s16", "PCM_16", "WAV"), ("s24", "PCM_24", "WAV"),
                                ("s32", "PCM_32", "WAV"), ("f32", "FLOAT", "WAV"), ("f64", "DOUBLE", "WAV"),
                                ("x16", "PCM_16", "WAVEX"), ("x24", "PCM_24", "WAVEX"), ("xf32", "FLOAT", "WAVEX"),
                                ("ulaw", "ULAW", "WAV")]:
        soundfile.write(folder / f"{name}.wav", sound, 8000, subtype=subtype, format=kind)
        if name != "ulaw":
            data, _ = soundfile.read(folder / f"{name}.wav", dtype="float32", always_2d=True)
            np.save(folder / f"{name}.npy", data)


main()
