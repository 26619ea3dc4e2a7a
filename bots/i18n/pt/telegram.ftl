# O que o bot diz só no Telegram. $style é o título de um estilo, $count um número de imagens.

telegram-start =
    Olá! Eu transformo fotos em pinturas, no estilo dos filmes de animação japoneses pintados à mão. Quem pinta é uma máquina, não uma pessoa.

    Envie uma foto e eu a pinto. Se quiser, cite um estilo na legenda, ou escolha aqui o seu de sempre:
telegram-help =
    Envie uma foto, um álbum ou um arquivo de imagem e eu o pinto.
    Na legenda você pode citar um estilo e uma intensidade: "aquarela 80%".
    Responda a qualquer foto com o nome de um estilo para que eu a pinte assim.
    Em um grupo, mencione-me com uma foto ou ao responder a uma.

    /styles mostra os estilos
    /style escolhe o seu de sempre
    /again pinta a última foto outra vez
    /me pinta a sua foto de perfil
    /status mostra o seu lugar na fila
    /cancel retira as suas fotos
    /language escolhe o idioma
    /privacy diz o que eu guardo
    /forget apaga tudo
telegram-hint = Envie uma foto e eu a pinto. /help conta o resto.
telegram-no-face = Não vejo nenhuma foto de perfil sua. Envie uma foto e eu a pinto.
telegram-privacy =
    A sua foto é apagada assim que a pintura é entregue. As pinturas ficam guardadas por alguns dias, para que os botões funcionem, e depois também são apagadas.
    Onde e com o que uma foto foi tirada nunca passa para a pintura.
    /forget apaga na hora tudo o que é seu.

## Durante a espera, e depois.

telegram-received = { $count ->
    [one] Recebi a sua foto.
   *[other] Recebi as suas { $count } fotos.
}
telegram-not-painted = Não consegui pintar esta foto.
telegram-ready = A sua pintura está pronta.
telegram-painted-below = { $count ->
    [one] Pronto, a sua pintura está abaixo ↓
   *[other] Pronto, as suas { $count } pinturas estão abaixo ↓
}
telegram-in-doubt = { $count ->
    [one] Enviei a sua pintura, mas a linha caiu e não sei se ela chegou. Se não estiver aqui, toque no botão.
   *[other] Enviei as suas pinturas, mas a linha caiu e não sei se elas chegaram. Se não estiverem aqui, toque no botão.
}
telegram-no-pictures-here = Não posso enviar imagens neste chat, por isso não consigo mostrar a sua pintura aqui.
telegram-not-taken = A sua pintura está pronta, mas o Telegram não a aceitou e não consigo mostrá-la aqui. Desculpe.
telegram-guest-needs-chat = A sua pintura está pronta, mas ainda não posso trazê-la aqui. Abra uma vez uma conversa comigo e peça de novo: { $link }
telegram-cancelled = Retirada.
telegram-cancelled-all = { $count ->
    [one] A sua foto foi retirada.
   *[other] As suas { $count } fotos foram retiradas.
}
telegram-cancel-none = Não há nada seu na fila.
telegram-cancel-late = Tarde demais, já está pintada.
telegram-cancel-not-yours = Só quem enviou a foto pode cancelá-la.
telegram-status-none = Não há nada seu na fila. Envie uma foto!
telegram-photo-gone = Essa foto já não está guardada. Envie-a outra vez, por favor.
telegram-compared = A foto e a sua pintura

## Botões.

telegram-softer = Mais suave
telegram-stronger = Mais forte
telegram-again = Outra vez
telegram-original = Qualidade máxima
telegram-compare = Antes e depois
telegram-cancel = Cancelar
telegram-resend = Enviar outra vez
telegram-inline-start = Pinte a sua primeira foto

## Preferências.

telegram-style-which = Qual estilo será o seu de sempre?
telegram-style-unknown = Não conheço esse estilo. Estes são os que eu pinto:
telegram-style-set = De agora em diante eu pinto em { $style }, se você não citar outro estilo.
telegram-language = Qual idioma você prefere?
telegram-language-name = Português
telegram-language-set = Vou falar português com você.
telegram-forget = Apago tudo o que guardo de você? O que está na fila é retirado.
telegram-forget-yes = Apagar tudo
telegram-forget-never = Apagar tudo e nunca pintar as minhas fotos
telegram-forget-no = Manter
telegram-forgot-yes = Tudo o que era seu foi apagado.
telegram-forgot-never = Tudo o que era seu foi apagado, e as fotos que você publicar não serão pintadas.
telegram-forgot-no = Nada foi apagado.

## Para administradores de grupos.

telegram-groups-only = Este é um ajuste de grupos.
telegram-admins-only = Só administradores deste grupo podem mudar isso.
telegram-group-style-set = Neste grupo eu pinto agora em { $style }, se a mensagem não citar outro estilo.
telegram-cooldown-how = Diga os segundos entre duas fotos de um membro, por exemplo /cooldown 60. Com 0 não há espera.
telegram-cooldown-set = { $wait_s ->
    [0] Não há mais espera entre as fotos de um membro.
   *[other] Agora os membros esperam { DURATION($wait_s) } entre duas fotos.
}
telegram-others-how = /others on permite pintar fotos de outros membros; /others off, só as próprias.
telegram-others-on = Os membros podem pedir a pintura de fotos de outros.
telegram-others-off = Os membros só podem pedir a pintura das próprias fotos.

## Para quem cuida do bot.

telegram-operator-done = Feito.
telegram-operator-how =
    /stats
    /pause STAGE [PLATFORM], /resume STAGE [PLATFORM], com STAGE entre { $stages }
    /ban ID, /unban ID, com ID o número de um usuário ou PLATFORM:ID

## Menus e perfil.

telegram-command-style = Escolher o meu estilo de sempre
telegram-command-styles = Ver todos os estilos
telegram-command-again = Pintar a última foto outra vez
telegram-command-me = Pintar a minha foto de perfil
telegram-command-status = O meu lugar na fila
telegram-command-cancel = Retirar as minhas fotos
telegram-command-language = Escolher o idioma
telegram-command-privacy = O que é guardado
telegram-command-forget = Apagar tudo o que é meu
telegram-command-help = Como funciona
telegram-command-cooldown = Espera entre duas fotos de um membro
telegram-command-others = Se é possível pintar fotos de outros
telegram-description = Envie uma foto e eu a pinto no estilo da animação japonesa feita à mão; quem pinta é uma máquina. Em grupos, mencione-me ao responder a uma foto.
telegram-short-description = Eu pinto as suas fotos no estilo dos filmes de animação japoneses.
telegram-by-machine = pintado por uma máquina
