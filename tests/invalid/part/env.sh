#!/usr/bin/env no-such-interpreter-anywhere
echo never
