"""Loads the models our engines wrote into the same nets written in PyTorch, with strict names, and
compares logits to 1e-5. Exit 0: equal; 1: not; 77: PyTorch is not installed (the test is skipped).

    check_logits.py WRITER FOLDER     WRITER is golden_write_logits
"""

import json
import struct
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

try:
    import torch
    from torch import nn
except ImportError:
    print("PyTorch is not installed: skipped")
    sys.exit(77)

TOLERANCE = 1e-5


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = OrderedDict()
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] != "F32":
            raise ValueError(f"{path.name}: {name} is {entry['dtype']}, expected F32")
        begin, end = entry["data_offsets"]
        raw = bytearray(data[8 + length + begin : 8 + length + end])
        tensors[name] = torch.frombuffer(raw, dtype=torch.float32).reshape(entry["shape"]).clone()
    return tensors


class Linear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, x):
        return self.linear(x)


class Mlp(nn.Module):
    def __init__(self, sizes, activation):
        super().__init__()
        self.count = len(sizes) - 1
        self.activation = activation
        for i in range(self.count):
            setattr(self, f"fc{i + 1}", nn.Linear(sizes[i], sizes[i + 1]))

    def forward(self, x):
        x = x.flatten(1)
        for i in range(1, self.count):
            x = self.activation(getattr(self, f"fc{i}")(x))
        return getattr(self, f"fc{self.count}")(x)


class CnnSmall(nn.Module):
    def __init__(self, channels, size):
        super().__init__()
        side = ((size - 4) // 2 - 4) // 2
        self.conv1 = nn.Conv2d(channels, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * side * side, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = torch.relu(self.fc2(torch.relu(self.fc1(x.flatten(1)))))
        return self.fc3(x)


class Cnn2Conv(nn.Module):
    def __init__(self, channels, kernel, pad, pool_each, flat, fc):
        super().__init__()
        self.pool_each = pool_each
        self.conv1 = nn.Conv2d(channels, 32, kernel, padding=pad)
        self.conv2 = nn.Conv2d(32, 64, kernel, padding=pad)
        self.fc1 = nn.Linear(flat, fc)
        self.fc2 = nn.Linear(fc, 10)

    def forward(self, x):
        x = torch.relu(self.conv1(x))
        if self.pool_each:
            x = torch.max_pool2d(x, 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.fc2(torch.relu(self.fc1(x.flatten(1))))


MODELS = {
    "linear": lambda: Linear(13, 1),
    "mlp-tanh": lambda: Mlp([20, 200, 200, 4], torch.tanh),
    "mcmahan-2nn": lambda: Mlp([784, 200, 200, 10], torch.relu),
    "mcmahan-cnn": lambda: Cnn2Conv(1, 5, 2, True, 3136, 512),
    "pfl-cnn": lambda: Cnn2Conv(3, 3, 0, False, 12544, 128),
    "cnn-small-28": lambda: CnnSmall(1, 28),
    "cnn-small-32": lambda: CnnSmall(3, 32),
}


def check(folder, name):
    model = MODELS[name]()
    model.load_state_dict(read_safetensors(folder / f"{name}.safetensors"), strict=True)
    files = sorted(folder.glob(f"{name}.*.io.safetensors"))
    if not files:
        raise ValueError(f"{name}: the writer left no logits")
    good = True
    for path in files:
        io = read_safetensors(path)
        with torch.no_grad():
            expected = model.eval()(io["inputs"])
        worst = (io["logits"] - expected).abs().max().item()
        ok = expected.shape == io["logits"].shape and worst <= TOLERANCE  # NaN is not
        good = good and ok
        print(f"{'ok  ' if ok else 'FAIL'} {path.name}: largest difference {worst:.2e}")
    return good


def main():
    writer, folder = sys.argv[1], Path(sys.argv[2])
    for old in folder.glob("*.safetensors"):
        old.unlink()
    subprocess.run([writer, str(folder)], check=True)
    torch.set_num_threads(1)
    return 0 if all([check(folder, name) for name in MODELS]) else 1


if __name__ == "__main__":
    sys.exit(main())
