// The workload of node.tw: a map of small objects and a recursive function, hot enough to be compiled while it runs.
const f = n => n < 2 ? n : f(n - 1) + f(n - 2);
const map = new Map();
for (let i = 0; i < 40000; i++)
    map.set('k' + i, {a: i, b: [i, i * 2]});
let sum = 0;
for (const [key, value] of map)
    sum += value.a + value.b[1] + key.length;
console.log(sum, f(22));
