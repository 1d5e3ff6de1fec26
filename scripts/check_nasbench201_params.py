"""Compare the parameters of all 15,625 nets of `nasbench201` with a table of the benchmark.

    python scripts/check_nasbench201_params.py nasbench201.parquet

The table has the columns `arch` and `params_c10` (10 classes). Nets are built without memory, on
PyTorch's meta device; that takes some minutes.
"""

import argparse

import pyarrow.parquet
import torch

from raynas.nets import count_parameters
from raynas.space import enumerate_all, load_space


def main() -> None:
    """Print how many nets agree; exit with 1 if any does not."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("table", help="a Parquet file with the columns arch and params_c10")
    table = pyarrow.parquet.read_table(parser.parse_args().table, columns=["arch", "params_c10"])
    known = dict(zip(table["arch"].to_pylist(), table["params_c10"].to_pylist(), strict=True))
    loaded = load_space("nasbench201")
    if loaded.key is None:
        raise SystemExit("the space nasbench201 has no `key`")
    agreeing, differing = 0, []
    for architecture in enumerate_all(loaded.space):
        with torch.device("meta"):
            net = loaded.build(architecture.value, (3, 32, 32), 10)
        key, count = loaded.key(architecture), count_parameters(net)
        if known.get(key) == count:
            agreeing += 1
        else:
            differing.append(f"{key}: {count}, in the table {known.get(key)}")
    print(f"{agreeing} of {agreeing + len(differing)} nets have the table's number of parameters")
    raise SystemExit("\n".join(differing[:10]) if differing else 0)


if __name__ == "__main__":
    main()
