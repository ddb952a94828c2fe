#!/bin/sh
echo "from Windows"
