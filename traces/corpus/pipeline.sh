# The workload of pipeline.tw: a shell, and processes that live for a few milliseconds.
for pass in 1 2 3; do
    ls / | sort -r | grep -v x | wc -l
done
x=$(seq 1 100 | tail -1)
echo "$x"
