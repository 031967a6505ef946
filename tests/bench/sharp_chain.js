// sharp_chain.js - the folder chain by sharp, where node finds it: node sharp_chain.js IN OUT
const fs = require('fs'), path = require('path'), sharp = require('sharp');
const [from, to] = process.argv.slice(2);
sharp.concurrency(1);
const files = fs.readdirSync(from).filter(f => f.endsWith('.jpg'));
const next = async () => {
  for (let f; (f = files.pop());)
    await sharp(path.join(from, f)).resize(512, 384).blur(1.5).gamma(1.1).modulate({ saturation: 1.2 })
      .jpeg({ quality: 90 }).toFile(path.join(to, f));
};
Promise.all([next(), next()]).catch(e => { console.error(e.message); process.exit(1); });
