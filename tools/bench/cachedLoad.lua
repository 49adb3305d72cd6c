-- What wrk sends for cachedLoad.ts. Arguments: how many lists there are, and how long a connection pauses after an answer, in ms.
local lists, pause

function init(args)
  lists, pause = tonumber(args[1]), tonumber(args[2])
  math.randomseed(1)
end

function request()
  return wrk.format('GET', '/api/runs?limit=' .. math.random(lists))
end

function delay()
  return pause
end

function done(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
  io.write(string.format('{"rps":%f,"failed":%d}\n', 1e6 * summary.requests / summary.duration, failed))
end
