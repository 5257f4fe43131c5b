// Returns the texts of the page whose contrast with what is behind them is below 4.5 to 1.
const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const color = (css) => {
  pixel.clearRect(0, 0, 1, 1);
  pixel.fillStyle = css;
  pixel.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
  return { rgb: [r, g, b], alpha: a / 255 };
};
const over = ({ rgb, alpha }, below) => rgb.map((value, i) => value * alpha + below[i] * (1 - alpha));
const ancestors = (element) => (element ? [...ancestors(element.parentElement), element] : []);
const behind = (element) => ancestors(element)
  .reduce((below, one) => over(color(getComputedStyle(one).backgroundColor), below), [255, 255, 255]);
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (element) => {
  const style = getComputedStyle(element);
  const opacity = ancestors(element).reduce((product, one) => product * getComputedStyle(one).opacity, 1);
  const below = behind(element);
  const ink = color(element.ownerSVGElement ? style.fill : style.color);
  const [dark, light] = [over({ ...ink, alpha: ink.alpha * opacity }, below), below].map(luminance).sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};
const faint = [];
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  // A tag lies on a picture, whose colors no style tells.
  const judged = texts.currentNode.data.trim() && element.checkVisibility() && !element.closest("script, style, option, .unseen, .tag");
  if (judged && contrast(element) < 4.5) faint.push(texts.currentNode.data.trim());
}
return faint;
