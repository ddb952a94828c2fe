echo "no first line"
