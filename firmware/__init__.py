"""The program of a board, and the contract that boards and edge share (`firmware.wire`)."""
