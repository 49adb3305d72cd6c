// Generated from contracts/ by `npm run abis`. Do not edit.
export const agentRegistrarAbi = [
  {"type":"constructor","inputs":[{"name":"registry","type":"address","internalType":"address"}],"stateMutability":"nonpayable"},
  {"type":"function","name":"REGISTRY","inputs":[],"outputs":[{"name":"","type":"address","internalType":"address"}],"stateMutability":"view"},
  {"type":"function","name":"onERC721Received","inputs":[{"name":"operator","type":"address","internalType":"address"},{"name":"from","type":"address","internalType":"address"},{"name":"agentId","type":"uint256","internalType":"uint256"},{"name":"","type":"bytes","internalType":"bytes"}],"outputs":[{"name":"","type":"bytes4","internalType":"bytes4"}],"stateMutability":"view"},
  {"type":"function","name":"registerFor","inputs":[{"name":"owner","type":"address","internalType":"address"},{"name":"agentURI","type":"string","internalType":"string"}],"outputs":[{"name":"agentId","type":"uint256","internalType":"uint256"}],"stateMutability":"nonpayable"},
  {"type":"event","name":"Registered","inputs":[{"name":"agentId","type":"uint256","indexed":true,"internalType":"uint256"},{"name":"agentURI","type":"string","indexed":false,"internalType":"string"},{"name":"owner","type":"address","indexed":true,"internalType":"address"}],"anonymous":false},
  {"type":"error","name":"UnexpectedAgent","inputs":[{"name":"token","type":"address","internalType":"address"},{"name":"operator","type":"address","internalType":"address"},{"name":"from","type":"address","internalType":"address"},{"name":"agentId","type":"uint256","internalType":"uint256"}]},
] as const
