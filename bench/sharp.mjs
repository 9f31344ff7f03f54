// Makes three sizes of every picture in a folder with sharp: bench/ingest.py calls it.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createRequire } from "node:module";

const sharp = createRequire(join(process.cwd(), "package.json"))("sharp");
const [folder, out, lanes, ...boxes] = process.argv.slice(2);
// One thread a picture, as many pictures as processors: the fastest for many files.
sharp.concurrency(1);
sharp.cache(false);

async function make(name) {
  // Decoded once, for the largest; the smaller ones are made of that.
  const [large, ...smaller] = boxes.map((box) => box.split("x").map(Number)).reverse();
  const fit = { fit: "inside", withoutEnlargement: true };
  const { data, info } = await sharp(join(folder, name), { limitInputPixels: 6e7 })
    .rotate()
    .resize(large[0], large[1], fit)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const pixels = { raw: { width: info.width, height: info.height, channels: info.channels } };
  await sharp(data, pixels)
    .webp({ quality: 80, effort: 2 })
    .toFile(join(out, `${large[0]}-${name}.webp`));
  for (const box of smaller) {
    await sharp(data, pixels)
      .resize(box[0], box[1], fit)
      .webp({ quality: 80, effort: 2 })
      .toFile(join(out, `${box[0]}-${name}.webp`));
  }
}

const names = readdirSync(folder).sort();
let failed = 0;
console.log("ready");
await Promise.all(
  Array.from({ length: Number(lanes) }, async () => {
    for (let name = names.shift(); name; name = names.shift()) {
      await make(name).catch((error) => {
        failed += 1;
        console.error(name, error.message);
      });
    }
  }),
);
console.log(`failed ${failed}`);
