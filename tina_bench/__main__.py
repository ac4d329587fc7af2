"""`python -m tina_bench` is the console script."""

from tina_bench.cli import main

if __name__ == "__main__":
    main()
