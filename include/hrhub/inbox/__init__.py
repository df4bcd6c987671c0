"""The process that vendors and devices call: what it takes is kept before it is answered."""
