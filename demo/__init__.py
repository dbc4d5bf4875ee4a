"""The demonstration: two stories on a fresh devnet. `stage` sends and reads, `stories` is what happens, `telling` prints."""
