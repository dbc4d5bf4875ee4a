"""The demonstration: two stories on a fresh devnet, told day by day. `stage` sends and reads, `stories` is what happens, `telling` prints."""
