declare module "conformance-data" {
  const data: import("./data.js").Data;
  export default data;
}
