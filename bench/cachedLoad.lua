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
