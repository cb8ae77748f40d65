"""The tables and plots of the documents; `results.sh` makes all of them."""
