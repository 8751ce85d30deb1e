-- What wrk sends, and how it tells a right answer: see `compare`.

local server = os.getenv("SERVER")
local accounts = tonumber(os.getenv("ACCOUNTS"))
local number = tonumber(os.getenv("FIRST"))
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init()
  bad = 0
  sample = ""
end

function request()
  number = (number + 1) % 4294967296
  local from = number % accounts
  local to = (from + 1 + number % (accounts - 1)) % accounts
  local text = string.format("message %d of a conversation between two accounts", number)
  local body
  if server == "hansard" then
    body = string.format(
      '{"From_Account":"u%d","To_Account":"u%d","MsgRandom":%d,"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"%s"}}]}',
      from, to, number, text)
  else
    body = string.format(
      '{"type":"chat","from":"u%d@localhost","to":"u%d@localhost","subject":"","body":"%s"}',
      from, to, text)
  end
  return wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, body)
end

function response(status, headers, body)
  local good
  if server == "hansard" then
    good = string.find(body, '"ErrorCode":0', 1, true) ~= nil
  else
    good = body == "0"
  end
  if status ~= 200 or not good then
    bad = bad + 1
    sample = status .. " " .. body
  end
end

function done(summary, latency, requests)
  local bad, sample = 0, ""
  for _, thread in ipairs(threads) do
    bad = bad + thread:get("bad")
    sample = thread:get("sample")
  end
  local errors = summary.errors
  bad = bad + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '{"sends":%d,"seconds":%.3f,"p50_us":%d,"p99_us":%d,"bad":%d,"sample":%q}\n',
    summary.requests, summary.duration / 1000000, latency:percentile(50),
    latency:percentile(99), bad, sample))
end
