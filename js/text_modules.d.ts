/** Scripts that build.mjs bundles into a text. */
declare module '*?text' {
  const text: string;
  export default text;
}
