echo "without a mode to run it"
