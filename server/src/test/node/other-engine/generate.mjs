// What llama.cpp makes of a GGUF file: the tokens of a text, and those that it generates after them, the likeliest each.
//   node generate.mjs FILE TEXT COUNT
import {getLlama} from "node-llama-cpp";

const [file, text, count] = process.argv.slice(2);
const llama = await getLlama({gpu: false, build: "never", logLevel: "error", maxThreads: 2});
const model = await llama.loadModel({modelPath: file});
const prompt = model.tokenize(text);
const context = await model.createContext({contextSize: 512});
const generated = [];
for await (const token of context.getSequence().evaluate(prompt, {temperature: 0})) {
    generated.push(token);
    if (generated.length === Number(count)) {
        break;
    }
}
console.log(JSON.stringify({prompt, generated}));
process.exit(0);
